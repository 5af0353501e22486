/**
 * `npm run api`: writes the reports of the public types anew, for a change to them that is meant.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises';
import { describeApi, publicEntries, reportPath } from './report.ts';

for (const entry of await publicEntries()) {
  const { text } = await describeApi(entry);
  await writeFile(reportPath(entry), text);
}
