import { catalogue } from './catalogue.ts';
import type { CatalogueEntry, FinerReason } from './entry.ts';

const chapters: readonly { title: string; intro: string; has: (entry: CatalogueEntry) => boolean }[] = [
  {
    title: 'While configuring',
    intro: 'Answers to a call. Nothing is half-saved when one of them is returned.',
    has: ({ scope }) => scope === 'configuration',
  },
  {
    title: 'While running',
    intro: 'A whole setup, customer or platform stops or is delayed. Open until the same check passes again.',
    has: ({ scope }) => scope === 'platform' || scope === 'customer' || scope === 'setup',
  },
  {
    title: 'One person or group',
    intro: 'The rest of the app goes on. A later success for the same person closes the failure.',
    has: ({ scope }) => scope === 'resource',
  },
];

/** The page docs/failures.md: every failure, who acts, the steps, and what the system does meanwhile. */
export function renderFailuresPage(): string {
  const head = [
    '# Failures',
    'Every failure has a code, or a reason, of one published error model. Words in braces, such as {app}, are filled in by the console and by `autoprov`.',
    'This page is made from libs/failure-catalogue: run `node libs/failure-catalogue/src/write-page.ts` after a change there.',
  ];
  const body = chapters.flatMap(({ title, intro, has }) => [
    `## ${title}`,
    intro,
    ...catalogue.filter(has).flatMap(renderEntry),
  ]);
  return `${[...head, ...body].join('\n\n')}\n`;
}

function renderEntry(entry: CatalogueEntry): string[] {
  const facts = [
    ...(entry.message === undefined ? [] : [`- Message: “${entry.message}”`]),
    ...(entry.grpcStatus === undefined ? [] : [`- Status: ${entry.grpcStatus}`]),
    ...(entry.scope === 'configuration' ? [] : [`- Concerns: ${entry.scope}`]),
    `- Raised when: ${entry.condition}`,
    `- Resolves by itself: ${renderResolves(entry.resolvesItself)}`,
    `- Who acts: ${entry.actor}`,
    `- Meanwhile: ${entry.retryPolicy}`,
  ];
  return [
    `### <a id="${entry.id}"></a>${entry.id}: ${entry.title}`,
    facts.join('\n'),
    'What to do:',
    entry.resolution.map((step, index) => `${index + 1}. ${step}`).join('\n'),
    ...(entry.reasons === undefined ? [] : ['By reason:', entry.reasons.map(renderReason).join('\n')]),
  ];
}

function renderReason({ reason, meaning, actor, resolution }: FinerReason): string {
  return `- \`${reason}\`: ${meaning} Who acts: ${actor}. ${resolution.join(' ')}`;
}

function renderResolves(resolvesItself: boolean | string): string {
  if (typeof resolvesItself === 'string') return resolvesItself;
  return resolvesItself ? 'yes' : 'no';
}
