import preset from '../../jest.preset.mjs';

// Tests start real servers, on machines that may be busy.
export default { ...preset, testTimeout: 60_000 };
