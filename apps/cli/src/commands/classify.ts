import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { classifyLine, type AnswerSample } from '@autoprov/scim';
import { CommandError, type Io } from '../io.ts';

export function addClassify(program: Command, io: Io): void {
  program
    .command('classify')
    .description("say what service providers' answers mean: JSON Lines on stdin, one JSON a line on stdout")
    .action(() => classifyLines(io));
}

async function classifyLines({ stdin, out }: Io): Promise<void> {
  let lineNo = 0;
  for await (const line of createInterface({ input: Readable.from(stdin), crlfDelay: Infinity })) {
    lineNo += 1;
    if (line.trim() !== '') out(JSON.stringify(classifyLine(readSample(line, lineNo))));
  }
}

function readSample(line: string, lineNo: number): AnswerSample {
  let sample: unknown;
  try {
    sample = JSON.parse(line);
  } catch {
    throw new CommandError(`line ${lineNo} is no JSON: write one recorded answer a line`);
  }
  const { id, phase, request } = Object(sample) as Partial<AnswerSample>;
  if (typeof id === 'string' && typeof phase === 'string' && typeof request === 'object') return sample as AnswerSample;
  throw new CommandError(`line ${lineNo} is no recorded answer: it needs at least id, phase and request`);
}
