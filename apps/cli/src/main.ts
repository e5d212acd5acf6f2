import { runCli } from './program.ts';

// A reader that has seen enough, such as head, closes the pipe: that is no error.
process.stdout.on('error', (err: NodeJS.ErrnoException) => process.exit(err.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
  stdout: process.stdout,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
});
