import type { Texts } from '../../../core/index.ts'
import { bars, ceiling, highest, type Layer, lines } from './chart.ts'
import type { Series } from './series.ts'

/** A chart as the page shows it: the drawing, and the same in words and rows. */
export interface Chart {
  readonly svg: string
  /** What the upper edge stands for. */
  readonly top: string
  /** One sentence for who does not see it. */
  readonly summary: string
}

/** What the template of the charts takes. */
export interface Charts {
  readonly throughput: Chart
  readonly times: Chart
  /** Oldest first. */
  readonly rows: readonly {
    readonly at: Date
    readonly finished: number
    readonly failed: number
    readonly retried: number
    readonly waited: string
    readonly ran: string
  }[]
}

/** Draws what ended, and how long it waited and ran. */
export function chartsOf({ bars: all, step }: Series, { t, formatNumber }: Texts): Charts {
  const ended: Layer[] = (['finished', 'retried', 'failed'] as const).map((name) => ({
    name,
    values: all.map((bar) => bar[name]),
  }))
  const times: Layer[] = [
    { name: 'waited', values: all.map(({ waited }) => waited) },
    { name: 'ran', values: all.map(({ ran }) => ran) },
  ]
  const endedTop = ceiling(highest(ended, true))
  const timesTop = ceiling(highest(times, false))
  const sum = (name: 'finished' | 'failed' | 'retried') => all.reduce((n, bar) => n + bar[name], 0)
  const latest = all.findLast(({ waited }) => waited !== null)
  return {
    throughput: {
      svg: bars(ended, endedTop),
      top: t('{{number}} per {{time}}', { number: formatNumber(endedTop), time: spell(step, t) }),
      summary: t('{{finished}} finished, {{failed}} failed, {{retried}} tried again.', {
        finished: formatNumber(sum('finished')),
        failed: formatNumber(sum('failed')),
        retried: formatNumber(sum('retried')),
      }),
    },
    times: {
      svg: lines(times, timesTop),
      top: inTime(timesTop),
      summary: latest
        ? t('Last, tasks waited {{waited}} and ran {{ran}} on average.', {
            waited: inTime(latest.waited ?? 0),
            ran: inTime(latest.ran ?? 0),
          })
        : t('No task finished in this time.'),
    },
    rows: all
      .filter(({ finished, failed, retried }) => finished + failed + retried > 0)
      .map(({ waited, ran, ...row }) => ({
        ...row,
        waited: waited === null ? '–' : inTime(waited),
        ran: ran === null ? '–' : inTime(ran),
      })),
  }
}

function spell(seconds: number, t: Texts['t']): string {
  if (seconds === 60) return t('minute')
  return seconds < 3600
    ? t('{{count}} minutes', { count: seconds / 60 })
    : t('{{count}} hours', { count: seconds / 3600 })
}

/** Milliseconds for people: `12 ms`, `3.4 s`, `5 min`, `2 h`, `3 d`. */
export function inTime(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}
