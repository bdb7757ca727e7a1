import type { KeyspaceStats, LevelInfo, Stats } from '../db/api.js'

/**
 * A figure that can be watched, named by the conventions of OpenTelemetry. The names, units and
 * attributes are public API.
 */
export interface Metric {
  /** Such as `varve.disk.written`. */
  readonly name: string
  /**
   * 'counter': grows from `open` on, and restarts with the next. 'upDownCounter': a part of a
   * whole, so that the sum over its attributes means something. 'gauge': neither.
   */
  readonly kind: 'counter' | 'upDownCounter' | 'gauge'
  /** By UCUM: `By` is bytes, `s` seconds, `1` a ratio; counted things are in braces. */
  readonly unit: string
  readonly description: string
  /** Its values, one for each combination of its attributes. */
  readonly read: (figures: Figures) => Sample[]
}

/** What the values are taken from. */
export interface Figures {
  readonly stats: Stats
  /** Of the default keyspace. */
  readonly levels: readonly LevelInfo[]
  /** Those beside the default one, oldest first. */
  readonly keyspaces: readonly KeyspaceFigures[]
}

/** The figures of one keyspace. */
export type KeyspaceFigures = KeyspaceStats & { readonly name: string }

/** A value, and what sets it apart from others of its metric. */
export interface Sample {
  readonly value: number
  readonly attributes: Readonly<Record<string, string>>
}

/** One value without attributes. */
export function single(value: number): Sample[] {
  return [{ value, attributes: {} }]
}

/** One value for each value of an attribute. */
export function each(attribute: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => ({
    value,
    attributes: { [attribute]: name },
  }))
}
