import { expect, test } from '@jest/globals';
import { Failure, Failure_State, Outcome_Action } from '@autoprov/proto';
import fc from 'fast-check';
import { csvHeader, csvRows } from './csv.ts';

const failure = Failure.fromPartial({
  name: 'failures/abc',
  state: Failure_State.STATE_OPEN,
  customer: 'customers/acme',
  app: 'customers/acme/apps/crm',
  user: 'customers/acme/users/1042',
  primaryEmail: 'ada@acme.test',
  action: Outcome_Action.ACTION_CREATE,
  code: '45003',
  reason: 'DUPLICATE',
  title: 'A title',
  detail: 'says "no", twice\nreally',
  httpStatus: 409,
  scimType: 'uniqueness',
  attempt: 3,
  nextAttemptTime: new Date('2026-01-02T04:00:00Z'),
  openTime: new Date('2026-01-02T03:00:00Z'),
  updateTime: new Date('2026-01-02T03:30:00Z'),
  traceId: '0af7651916cd43dd8448eb211c80319c',
  causeId: '5d41402abc4b2a76',
});

test('the columns are these, byte by byte', () => {
  expect(csvHeader()).toBe(
    '"time","customer","app","user_id","primary_email","action","code","reason","title","http_status","scim_type","detail",' +
      '"attempt","next_attempt_time","state","open_time","trace_id","name","cause_id","state_reason","note","group"\r\n',
  );
});

test('a failure is one quoted row that ends in CRLF', () => {
  expect(csvRows([failure])).toBe(
    '"2026-01-02T03:30:00.000Z","customers/acme","customers/acme/apps/crm","1042","ada@acme.test","create","45003","DUPLICATE",' +
      '"A title","409","uniqueness","says ""no"", twice\nreally","3","2026-01-02T04:00:00.000Z","open",' +
      '"2026-01-02T03:00:00.000Z","0af7651916cd43dd8448eb211c80319c","failures/abc","5d41402abc4b2a76","","",""\r\n',
  );
});

test('what is not known is an empty quoted cell', () => {
  expect(csvRows([Failure.fromPartial({ name: 'failures/abc', state: Failure_State.STATE_RESOLVED })])).toBe(
    '"","","","","","","","","","","","","0","","resolved","","","failures/abc","","","",""\r\n',
  );
});

test.each([
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '\n=1',
  '＝1',
  '＋1',
  '－1',
  '＠SUM',
  ' =1',
  '\u200e=1',
  '\u202e \u2066-1',
  '\u0000@x',
  '=HYPERLINK("http://x")',
])('a spreadsheet shows %j and does not run it', (detail) => {
  const [row] = csvRows([{ ...failure, detail }]).split('\r\n"');
  expect(row).toContain(`,"'${detail.replaceAll('"', '""')}",`);
});

test('every text column is guarded, not only the detail', () => {
  const hostile = { ...failure, primaryEmail: '=a', reason: '+b', title: '-c', scimType: '@d' };
  for (const cell of [`"'=a"`, `"'+b"`, `"'-c"`, `"'@d"`]) expect(csvRows([hostile])).toContain(cell);
});

/** RFC 4180 with every cell quoted and rows that end in CRLF, and nothing else: throws at the first character that is not so. */
function parseStrictly(csv: string): string[][] {
  const cell = /"((?:[^"]|"")*)"(,|\r\n)/y;
  const rows: string[][] = [[]];
  while (cell.lastIndex < csv.length) {
    const at = cell.lastIndex;
    const found = cell.exec(csv);
    if (!found) throw new Error(`no quoted cell at character ${at}`);
    rows.at(-1)!.push(found[1]!.replaceAll('""', '"'));
    if (found[2] !== ',') rows.push([]);
  }
  return rows.slice(0, -1);
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(fc.constantFrom('"', ',', '\r', '\n', '=', "'", ';', '\t', '\u202e', '\u200f', '\0', '🙂', 'a'), {
      maxLength: 40,
    })
    .map((all) => all.join('')),
  fc.constantFrom('"', '\n', '\u202e', '=', 'x').map((text) => text.repeat(10_000)),
);

test('whatever others say, a strict parser reads it back, cell by cell, and no cell can be run', () => {
  fc.assert(
    fc.property(fc.array(anyText, { minLength: 1, maxLength: 5 }), (details) => {
      const [header, ...rows] = parseStrictly(csvHeader() + csvRows(details.map((detail) => ({ ...failure, detail }))));
      const at = header!.indexOf('detail');
      expect(rows.map((row) => row.length)).toEqual(details.map(() => header!.length));
      for (const [i, row] of rows.entries()) {
        expect([details[i]!, `'${details[i]!}`]).toContain(row[at]);
        expect(row[at]).not.toMatch(/^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]/u);
      }
    }),
  );
});
