import preset from '../../jest.preset.mjs';

// Most tests start the whole service with its database.
export default { ...preset, testTimeout: 60_000 };
