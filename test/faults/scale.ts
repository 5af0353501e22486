import process from 'node:process';

/** Whether everything is to be tried (`npm run soak`), and not a part of it that `npm test` has time for. */
export const isSoak = process.env['SOAK'] !== undefined;

/**
 * What all chance in these tests comes from: SEED, or one number in `npm test` and any in a soak. Printed, so that what
 * failed can be run again.
 */
export const seed = Number(process.env['SEED'] ?? (isSoak ? Math.floor(Math.random() * 2 ** 31) : 1));

if (!Number.isSafeInteger(seed)) throw new Error(`SEED must be a whole number, not ${process.env['SEED']}`);

/** How to run something again, for the output of a test. */
export const replay = `SEED=${seed}${isSoak ? ' npm run soak' : ''}`;
