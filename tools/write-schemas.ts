// Writes docs/schemas: the JSON Schemas and the AsyncAPI document of the public topics, from the contracts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { publicContract } from './shared/public-contract.ts';

const dir = new URL('../docs/schemas/', import.meta.url);
mkdirSync(dir, { recursive: true });
for (const [file, text] of publicContract()) writeFileSync(new URL(file, dir), text);
