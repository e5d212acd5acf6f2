import { writeFileSync } from 'node:fs';
import { renderFailuresPage } from './render-page.ts';

writeFileSync(new URL('../../../docs/failures.md', import.meta.url), renderFailuresPage());
