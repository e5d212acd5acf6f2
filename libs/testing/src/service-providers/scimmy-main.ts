import { runAsProcess } from './run-as-process.ts';
import { startScimmy } from './scimmy.ts';

await runAsProcess(startScimmy);
