// What the diagnostics channels tell while a test runs.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** The events of one channel since it was made, without those it was not asked for. */
export class Told<Event> implements Disposable {
  readonly events: Event[] = [];
  readonly #name: string;
  readonly #listener: (event: unknown) => void;

  /** `keep`: which events, and what of them. */
  constructor(name: string, keep: (event: Event) => Event | undefined = (event) => event) {
    this.#name = `afunix:${name}`;
    this.#listener = (event) => {
      const kept = keep(event as Event);
      if (kept !== undefined) this.events.push(kept);
    };
    subscribe(this.#name, this.#listener);
  }

  [Symbol.dispose](): void {
    unsubscribe(this.#name, this.#listener);
  }
}
