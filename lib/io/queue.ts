interface Node<T> {
  readonly item: T;
  next: Node<T> | undefined;
}

/** A queue, first in, first out, whose cost does not grow with its length. */
export class Queue<T> {
  #head: Node<T> | undefined;
  #tail: Node<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    const node: Node<T> = { item, next: undefined };
    if (this.#tail === undefined) this.#head = node;
    else this.#tail.next = node;
    this.#tail = node;
    this.#size++;
  }

  peek(): T | undefined {
    return this.#head?.item;
  }

  shift(): T | undefined {
    const node = this.#head;
    if (node === undefined) return undefined;
    this.#head = node.next;
    if (this.#head === undefined) this.#tail = undefined;
    this.#size--;
    return node.item;
  }

  /** Takes `item` out, wherever it is. Returns whether it was there. */
  remove(item: T): boolean {
    let before: Node<T> | undefined;
    for (let node = this.#head; node !== undefined; before = node, node = node.next) {
      if (node.item !== item) continue;
      if (before === undefined) this.#head = node.next;
      else before.next = node.next;
      if (this.#tail === node) this.#tail = before;
      this.#size--;
      return true;
    }
    return false;
  }

  *[Symbol.iterator](): Generator<T, void, void> {
    for (let node = this.#head; node !== undefined; node = node.next) yield node.item;
  }

  /** Takes all items out, and returns them. */
  drain(): T[] {
    const items = [...this];
    this.#head = undefined;
    this.#tail = undefined;
    this.#size = 0;
    return items;
  }
}
