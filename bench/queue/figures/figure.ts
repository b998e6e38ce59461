import type { BenchDatabase } from '../../shared/database.ts'
import type { Table } from '../../shared/report.ts'

/** Under which conditions the figures are measured. */
export interface Conditions {
  readonly database: BenchDatabase
  /** A first impression instead of figures to quote. */
  readonly quick: boolean
  /** Rows and times as the goals name them, instead of a tenth of them and less. */
  readonly scale: number
  /** How often each figure is measured; the median counts. */
  readonly repeats: number
  progress(line: string): void
}

/** What a figure should be, and what it was. */
export interface Goal {
  readonly goal: string
  readonly value: number
  readonly met: boolean
}

/** A figure of the comparison. */
export interface Figure {
  readonly title: string
  readonly table: Table
  readonly goals: readonly Goal[]
  readonly notes?: readonly string[]
  /** For programs. */
  readonly figures: Readonly<Record<string, unknown>>
}

/** A goal of at least so much. */
export function atLeast(goal: string, value: number, least: number): Goal {
  return { goal: `${goal} ≥ ${least}`, value, met: value >= least }
}

/** A goal of at most so much. */
export function atMost(goal: string, value: number, most: number): Goal {
  return { goal: `${goal} ≤ ${most}`, value, met: value <= most }
}
