import Table from 'cli-table3';

/** Rows under a head, in columns without lines, ready to be printed. */
export function formatTable(head: string[], rows: string[][]): string {
  const none = Object.fromEntries(
    ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) => [
      [side, ''],
      [`${side}-mid`, ''],
      [`${side}-left`, ''],
      [`${side}-right`, ''],
      [`mid-${side}`, ''],
    ]),
  );
  const table = new Table({
    head: head.map((name) => name.toUpperCase()),
    chars: { ...none, middle: '' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 3, compact: true },
  });
  table.push(...rows.map((row) => row.map((cell) => printable(cell) || '-')));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Words of others without what could move the cursor, colour the terminal or reverse the text. */
export function printable(text: string): string {
  return text.replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim();
}

/** One JSON value for machines, over several lines for people. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

/** How long ago, as kubectl says it: `45s`, `12m`, `5h`, `3d`; of a time to come, how long until then. */
export function formatAge(time: Date | undefined, now: Date): string {
  if (!time) return '';
  const seconds = Math.round(Math.abs(now.getTime() - time.getTime()) / 1000);
  const { size, letter } = UNITS.find(({ from }) => seconds >= from)!;
  return `${Math.floor(seconds / size)}${letter}`;
}

/** Two of the next unit are shown in it. */
const UNITS = [
  { from: 2 * 86_400, size: 86_400, letter: 'd' },
  { from: 2 * 3_600, size: 3_600, letter: 'h' },
  { from: 2 * 60, size: 60, letter: 'm' },
  { from: 0, size: 1, letter: 's' },
];

/** `STATE_WAITING_FOR_READ` → `waiting for read`. */
export function formatWord(enumName: string, prefix: string): string {
  return enumName.replace(prefix, '').replaceAll('_', ' ').toLowerCase();
}

/** The last part of a resource name. */
export function lastPart(name: string): string {
  return name.split('/').at(-1)!;
}
