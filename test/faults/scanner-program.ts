/**
 * A worker of a scanner in a process of its own, to be killed and stopped at any moment: `node scanner-program.ts <task>`. Prints what
 * becomes of its jobs, and the id of each.
 *
 * @module
 */
import process from 'node:process';
import { fsKv } from '../../adapters/fs/index.ts';
import { createScanner } from '../../src/scan/scanner/scanner.ts';
import { type ScanTask, scannerOptions, tracedPlugins } from './scan-task.ts';

const task: ScanTask = JSON.parse(process.argv[2] ?? '');
const plugins = tracedPlugins(task.traces, String(process.pid));
createScanner(scannerOptions(task, await fsKv(task.directory), plugins)).events$.subscribe((event) => {
  if (event.type === 'job') console.log(`${event.became} ${event.id}`);
});
