/**
 * Calls its listeners in the order in which they were added. Lets a part that is built early report
 * to parts that are built later.
 *
 * Owned by: the parts that share it. Listeners are added only while the parts are being connected.
 */
export class Signal<T extends unknown[] = []> {
  private readonly listeners: ((...args: T) => void)[] = []

  listen(listener: (...args: T) => void): void {
    this.listeners.push(listener)
  }

  emit(...args: T): void {
    for (const listener of this.listeners) listener(...args)
  }
}
