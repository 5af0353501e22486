import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a program is told besides, as it understands it. */
export type Settings = Readonly<Record<string, string | number>>;

/** What a program is to do. */
export interface Task {
  /** The database to be read, with credentials where the server asks for any. */
  readonly url: string;
  /** Exists, is empty, and is the program's own. */
  readonly directory: string;
  readonly settings: Settings;
}

/**
 * Writes a task down for a program of its own process, which is given the name of the file: arguments, and so credentials
 * among them, would be there for all to read in the list of processes.
 *
 * @param directory of the run: holds the file, and the directory of the task
 */
export async function writeTask(directory: string, url: string, settings: Settings): Promise<string> {
  const task: Task = { url, directory: join(directory, 'target'), settings };
  await mkdir(task.directory);
  const file = join(directory, 'task.json');
  await writeFile(file, JSON.stringify(task), { mode: 0o600 });
  return file;
}

/** Reads what {@link writeTask} has written. */
export async function readTask(file: string): Promise<Task> {
  return JSON.parse(await readFile(file, 'utf8'));
}
