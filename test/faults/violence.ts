import type { Chance } from './chance.ts';

/** A worker of jobs that can be harmed. */
export interface Victim {
  /** Whether it has begun to work. */
  readonly isReady: boolean;
  kill(): void;
  /** Has it stand still. Nothing happens to one that has been killed. */
  stop(): void;
  goOn(): void;
}

/** How workers are harmed. Times in milliseconds. */
export interface ViolenceOptions {
  readonly chance: Chance;
  readonly workers: number;
  /** Starts a worker: one of the first, or one in the place of another that was killed. */
  start(): Victim | Promise<Victim>;
  /** Whether there is anything left to be done. */
  hasWork(): Promise<boolean>;
  /** Acts of violence, of which every third stops a worker, and the others kill one; fewer where the work is done before. */
  readonly acts: number;
  /** Between two acts, give or take a half. */
  readonly peace: number;
  /** How long who is stopped stands still. */
  readonly stopped: number;
  /** After which who has come back has noticed what it has lost. */
  readonly timeout: number;
}

/** What was done to workers. */
export interface Violence {
  readonly kills: number;
  readonly stops: number;
}

/** Kills and stops workers that are at work until all is done, and starts others in the place of those that were killed. */
export async function harass(options: ViolenceOptions): Promise<Violence> {
  const { chance, start, hasWork, acts, peace, stopped, timeout } = options;
  const workers: Victim[] = [];
  while (workers.length < options.workers) workers.push(await start());
  const standing = new Set<Victim>();
  const comebacks: Promise<void>[] = [];
  let [kills, stops] = [0, 0];
  while (await hasWork()) {
    await pause(peace * (0.5 + chance.next()));
    const index = chance.between(0, workers.length - 1);
    const worker = workers[index];
    if (worker?.isReady !== true || kills + stops >= acts) continue;
    if ((kills + stops) % 3 === 1) {
      if (standing.has(worker)) continue;
      stops += 1;
      worker.stop();
      standing.add(worker);
      const goOn = (): void => {
        standing.delete(worker);
        worker.goOn();
      };
      comebacks.push(pause(stopped).then(goOn));
    } else {
      kills += 1;
      worker.kill();
      workers[index] = await start();
    }
  }
  await Promise.all(comebacks);
  // Zombies that have just come back may still be at it.
  await pause(timeout);
  return { kills, stops };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
