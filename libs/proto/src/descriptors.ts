import { readFileSync } from 'node:fs';

/**
 * The FileDescriptorSet of all contracts with their imports, as `npm run generate` wrote it: for gRPC reflection and for
 * canonical JSON.
 */
export const descriptorSet: Buffer = readFileSync(new URL('../descriptors.binpb', import.meta.url));
