import { readdir, readFile } from 'node:fs/promises';
import { kill } from 'node:process';

/** A process of a browser. */
export interface BrowserProcess {
  readonly pid: number;
  /** The most memory that it ever had resident, in bytes. */
  readonly peak: number;
  /** Its command line. */
  readonly command: string;
}

/** The process whose command line has a text, and all that it and those have started; for Linux. */
export async function processesWith(text: string): Promise<BrowserProcess[]> {
  const all = (await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(look))).flat();
  const found = new Set(all.filter(({ command }) => command.includes(text)).map(({ pid }) => pid));
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(({ pid }) => found.has(pid));
}

/** Ends processes as a crash does. */
export function killAll(processes: readonly BrowserProcess[]): void {
  for (const { pid } of processes) signal(pid, 'SIGKILL');
}

/** Sends a signal to a process, if it has not ended. */
export function signal(pid: number, name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
  try {
    kill(pid, name);
  } catch (error) {
    // It may have ended with another one.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

interface SeenProcess extends BrowserProcess {
  readonly parent: number;
}

/** A process as `/proc` tells of it (proc(5)); none where it has ended. */
async function look(name: string): Promise<SeenProcess[]> {
  try {
    const read = (file: string): Promise<string> => readFile(`/proc/${name}/${file}`, 'utf8');
    const [stat, status, command] = await Promise.all([read('stat'), read('status'), read('cmdline')]);
    // The fields after the name, which may have blanks and brackets in it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [, kibibytes = 0] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
    return [
      {
        pid: Number(name),
        parent: Number(fields[1]),
        peak: Number(kibibytes) * 1024,
        command,
      },
    ];
  } catch {
    return [];
  }
}
