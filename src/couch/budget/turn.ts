import { turn } from '../../core/breather.ts';

/**
 * Resolves when the event loop has gone round once: so long platforms take until they use a connection again over which an
 * answer has just ended. Asked sooner, they open another one.
 */
export async function afterTurn(): Promise<void> {
  // The first message may overtake what the platform still has to do, the second cannot.
  for (let message = 0; message < 2; message += 1) await turn();
}
