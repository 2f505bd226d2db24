import { invalidArgValue } from './errors.js';

/** The names of the options of `T`, each with 1, so that the compiler sees if one is missing. */
export type Names<T> = Readonly<Record<Extract<keyof T, string>, 1>>;

/** The options that a function takes. */
export class Known<in out T> {
  readonly #of: string;
  readonly #names: ReadonlySet<string>;
  readonly #refused: ReadonlySet<string> | undefined;

  /**
   * `of`: the function's name, for errors. With `refused` the function takes any option that is not
   * refused, as those of Node.js do; without, only those with `names`.
   */
  constructor(of: string, names: Names<T>, refused?: readonly string[]) {
    this.#of = of;
    this.#names = new Set(Object.keys(names));
    this.#refused = refused && new Set(refused.filter((name) => !this.#names.has(name)));
  }

  /** Whether the function has an option of this name. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Whether the function takes an option of this name. */
  takes(name: string): boolean {
    return this.#refused === undefined ? this.#names.has(name) : !this.#refused.has(name);
  }

  /** Returns the error for an option that the function does not take. */
  refusal(option: string, value: unknown): TypeError {
    const names = [...this.#names].join(', ');
    return invalidArgValue(option, `is not an option of ${this.#of}. It takes ${names}`, value);
  }
}
