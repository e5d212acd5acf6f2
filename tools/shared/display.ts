import { styleText } from 'node:util';

type Color = Parameters<typeof styleText>[0];

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const REDRAW_MS = 100;
const PLAIN_EVERY_MS = 5_000;

/** What is being done, step after step: a moving line on a terminal, plain lines elsewhere. */
export type Display = {
  /** Begins a step, which ends the one before; with the title of the running one it only says how that goes. */
  step(title: string, detail?: string): void;
  /** Ends the running step; `result` is what came of it. */
  done(result?: string): void;
  /** Ends the running step badly. */
  fail(): void;
  /** Prints lines between steps. */
  print(text: string): void;
};

/** A display on stdout. */
export function createDisplay(): Display {
  const { stdout } = process;
  let running: { title: string; detail: string; startMs: number; saidMs: number } | undefined;
  let frame = 0;
  const timer = stdout.isTTY ? setInterval(redraw, REDRAW_MS).unref() : undefined;

  function redraw(): void {
    if (!running) return;
    const { title, detail, startMs } = running;
    frame = (frame + 1) % FRAMES.length;
    const text = `  ${FRAMES[frame]} ${title}  ${detail || secondsSince(startMs)}`;
    stdout.write(`\r\u001b[2K${text.slice(0, (stdout.columns || 80) - 1)}`);
  }

  function end(mark: string, color: Color, result = ''): void {
    if (!running) return;
    if (timer) stdout.write('\r\u001b[2K');
    const { title, startMs } = running;
    running = undefined;
    const words = [title, result, colored('gray', secondsSince(startMs))].filter(Boolean);
    stdout.write(`  ${colored(color, mark)} ${words.join('  ')}\n`);
  }

  function sayPlainly(): void {
    if (timer || !running || !running.detail || Date.now() - running.saidMs < PLAIN_EVERY_MS) return;
    running.saidMs = Date.now();
    stdout.write(`  … ${running.title}  ${running.detail}\n`);
  }

  return {
    step(title, detail = '') {
      if (running?.title !== title) {
        end('✔', 'green');
        running = { title, detail, startMs: Date.now(), saidMs: 0 };
      }
      running.detail = detail;
      if (timer) redraw();
      else sayPlainly();
    },
    done: (result) => end('✔', 'green', result),
    fail: () => end('✖', 'red'),
    print(text) {
      if (timer) stdout.write('\r\u001b[2K');
      stdout.write(`${text}\n`);
    },
  };
}

/** Text in a colour, where the terminal shows colours. */
export function colored(color: Color, text: string): string {
  return styleText(color, text, { stream: process.stdout });
}

/** `███████░░░░░  512/1000` */
export function bar(done: number, total: number, width = 20): string {
  const full = total > 0 ? Math.min(width, Math.round((done / total) * width)) : width;
  return `${'█'.repeat(full)}${'░'.repeat(width - full)} ${done}/${total}`;
}

/** Two columns, the second one aligned. */
export function formatRows(rows: [name: string, value: string | number][]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}

function secondsSince(startMs: number): string {
  return `${((Date.now() - startMs) / 1000).toFixed(1)} s`;
}
