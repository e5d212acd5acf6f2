import { expect, test } from '@jest/globals';
import { Failure, Failure_State, Outcome_Action } from '@autoprov/proto';
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
});

test('the columns are these, byte by byte', () => {
  expect(csvHeader()).toBe(
    '"time","customer","app","user_id","primary_email","action","code","reason","title","http_status","scim_type","detail",' +
      '"attempt","next_attempt_time","state","open_time","trace_id","name"\r\n',
  );
});

test('a failure is one quoted row that ends in CRLF', () => {
  expect(csvRows([failure])).toBe(
    '"2026-01-02T03:30:00.000Z","customers/acme","customers/acme/apps/crm","1042","ada@acme.test","create","45003","DUPLICATE",' +
      '"A title","409","uniqueness","says ""no"", twice\nreally","3","2026-01-02T04:00:00.000Z","open",' +
      '"2026-01-02T03:00:00.000Z","0af7651916cd43dd8448eb211c80319c","failures/abc"\r\n',
  );
});

test('what is not known is an empty quoted cell', () => {
  expect(csvRows([Failure.fromPartial({ name: 'failures/abc', state: Failure_State.STATE_RESOLVED })])).toBe(
    '"","","","","","","","","","","","","0","","resolved","","","failures/abc"\r\n',
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
  '=HYPERLINK("http://x")',
])('a spreadsheet shows %j and does not run it', (detail) => {
  const [row] = csvRows([{ ...failure, detail }]).split('\r\n"');
  expect(row).toContain(`,"'${detail.replaceAll('"', '""')}",`);
});

test('every text column is guarded, not only the detail', () => {
  const hostile = { ...failure, primaryEmail: '=a', reason: '+b', title: '-c', scimType: '@d' };
  for (const cell of [`"'=a"`, `"'+b"`, `"'-c"`, `"'@d"`]) expect(csvRows([hostile])).toContain(cell);
});
