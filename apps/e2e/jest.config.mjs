import preset from '../../jest.preset.mjs';

// A story waits for processes to start, to be killed and to catch up.
export default { ...preset, testTimeout: 180_000 };
