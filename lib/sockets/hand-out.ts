// Handing a message that was received out to the call that gets it.
import { refuseLostMemory } from '../io/caller-memory.js';
import { copyMessage, type Message, messageInto } from '../io/message.js';
import type { Wanted } from './options.js';
import type { Waiter } from './wait-queue.js';

/** Returns a message as a call wants it: a copy, in the caller's memory. Throws EMFILE, and for memory that is lost. */
export function messageFor<M extends Message>({ peek, buffer }: Wanted, message: M): M {
  if (buffer !== undefined) refuseLostMemory(buffer);
  const own = peek ? copyMessage(message) : message;
  return buffer === undefined ? own : messageInto(own, buffer);
}

/** Settles a call. Returns false if the message is left for the next one: after a peek, or an error of this call alone. */
export function handTo<M extends Message>(call: Waiter<M | null, Wanted>, message: M): boolean {
  try {
    call.resolve(messageFor(call.wants, message));
    return !call.wants.peek;
  } catch (error) {
    call.reject(error);
    return false;
  }
}
