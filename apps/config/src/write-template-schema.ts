import { writeFileSync } from 'node:fs';
import { templateSchema } from './template-schema.ts';

const file = new URL('../templates/template.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(templateSchema(), null, 2)}\n`);
