import { startBetterAuth } from './better-auth.ts';
import { runAsProcess } from './run-as-process.ts';

await runAsProcess(startBetterAuth);
