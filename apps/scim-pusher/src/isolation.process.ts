// What `npm run proof -- isolation` measures, once; the last line is the result.
import { measureIsolation, type IsolationOptions } from './isolation.fixture.ts';

console.log(JSON.stringify(await measureIsolation(JSON.parse(process.argv[2]!) as IsolationOptions)));
