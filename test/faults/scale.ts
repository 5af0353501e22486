import process from 'node:process';

/** Whether everything is to be tried (`npm run soak`), and not a part of it that `npm test` has time for. */
export const isSoak = process.env['SOAK'] !== undefined;

/** What all chance in these tests comes from: SEED, which a soak draws, and one number in `npm test`. */
export const seed = Number(process.env['SEED'] ?? 1);

if (!Number.isSafeInteger(seed)) throw new Error(`SEED must be a whole number, not ${process.env['SEED']}`);

/** How to run something again, for the output of a test. */
export const replay = `SEED=${seed} npm ${isSoak ? 'run soak' : 'test'}`;
