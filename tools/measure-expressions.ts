// What expressions cost (docs/adr/0008-expressions.md): each attack in a process that has seen none before, and usual rows.
//   node --expose-gc tools/measure-expressions.ts
import { execFileSync } from 'node:child_process';
import { attacks, largestUser } from '../libs/mapping/src/expression/attacks.fixture.ts';
import { compileExpression, type Expression } from '../libs/mapping/src/expression/compile-expression.ts';
import { evaluateExpression } from '../libs/mapping/src/expression/evaluate-expression.ts';

const usual = [
  'user.primaryEmail.lower()',
  'coalesce(user.name.displayName, user.name.givenName + " " + user.name.familyName)',
  '(user.name.givenName.left(1) + user.name.familyName).removeDiacritics().lower()',
  'coalesce(user.organizations.primary().title, "")',
  'user.phones[0].value.regexReplace("[^0-9+]", "")',
  'user.aliases.filter(a, a.endsWith("@example.com")).map(a, {"value": a, "type": "other"})',
  'coalesce(user.customSchemas.Employment.contract, "") != "external"',
];
const person = {
  id: '42',
  primaryEmail: 'Ada.Lovelace@Example.com',
  name: { givenName: 'Ada', familyName: 'Müller-Łoś' },
  aliases: ['ada@example.com', 'al@example.org'],
  organizations: [{ title: 'Engineer', primary: true }],
  phones: [{ value: '+43 (1) 234-56', type: 'work' }],
};

function measure(source: string): { compileMs: number; evaluateMs: number; heapMb: number; outcome: string } {
  globalThis.gc?.();
  const heapBefore = process.memoryUsage().heapUsed;
  const startMs = performance.now();
  const compiled = compileExpression(source);
  const compiledMs = performance.now();
  const outcome = compiled.ok ? evaluateExpression(compiled.expression, largestUser) : compiled;
  const endMs = performance.now();
  const heapMb = (process.memoryUsage().heapUsed - heapBefore) / 1e6;
  const text = outcome.ok ? JSON.stringify(outcome.value) : outcome.problem;
  return { compileMs: compiledMs - startMs, evaluateMs: endMs - compiledMs, heapMb, outcome: text.slice(0, 90) };
}

const [name] = process.argv.slice(2);
if (name !== undefined) console.log(JSON.stringify(measure(attacks[name]!)));
else {
  for (const attack of Object.keys(attacks)) {
    const cold = JSON.parse(
      execFileSync(process.execPath, ['--expose-gc', import.meta.filename, attack], { encoding: 'utf8' }),
    ) as ReturnType<typeof measure>;
    measure(attacks[attack]!);
    const warm = measure(`${attacks[attack]} `);
    const figures = [cold.compileMs, cold.evaluateMs, cold.heapMb, warm.compileMs + warm.evaluateMs].map((n) =>
      n.toFixed(1),
    );
    console.log(
      `| ${attack.replaceAll('|', '\\|')} | ${figures.join(' | ')} | ${cold.outcome.replaceAll('|', '\\|')} |`,
    );
  }
  const expressions = usual.map((source) => {
    const compiled = compileExpression(source);
    if (!compiled.ok) throw new Error(compiled.problem);
    return compiled.expression;
  });
  for (const expression of expressions) console.log(`${rate([expression])} a second: ${expression.source}`);
  console.log(`${rate(expressions)} people a second with all ${expressions.length}`);
}

function rate(expressions: readonly Expression[]): number {
  const rounds = 50_000;
  const startMs = performance.now();
  for (let i = 0; i < rounds; i++) for (const expression of expressions) evaluateExpression(expression, person);
  return Math.round((rounds / (performance.now() - startMs)) * 1000);
}
