/** One thing a chart shows, as bars on one another or as a line. */
export interface Layer {
  /** Class of the shape, which a style sheet colours. */
  readonly name: string
  /** Null: nothing to show there. */
  readonly values: readonly (number | null)[]
}

const WIDTH = 600
const HEIGHT = 120

/** A round number that is not less: 1, 2 or 5 with zeros. */
export function ceiling(value: number): number {
  if (!(value > 0)) return 1
  const unit = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((factor) => factor * unit).find((round) => round >= value * 0.999999) ?? value
}

/** Most that stands on one another, and most of a line. */
export function highest(layers: readonly Layer[], stacked: boolean): number {
  const count = layers[0]?.values.length ?? 0
  let most = 0
  for (let n = 0; n < count; n++) {
    const column = layers.map(({ values }) => values[n] ?? 0)
    most = Math.max(most, stacked ? column.reduce((sum, value) => sum + value, 0) : Math.max(...column))
  }
  return most
}

/**
 * Bars on one another as SVG. It says nothing to screen readers: a table beside it does. Without styles of its own,
 * since the page allows none inline.
 */
export function bars(layers: readonly Layer[], top: number): string {
  const count = layers[0]?.values.length ?? 1
  const width = WIDTH / count
  const height = new Array<number>(count).fill(0)
  const shapes = layers.map(({ name, values }) => {
    const path = values.flatMap((value, n) => {
      if (!value) return []
      const high = (value / top) * HEIGHT
      const y = HEIGHT - height[n]! - high
      height[n]! += high
      return [
        `M${fixed(n * width + width * 0.1)} ${fixed(y)}h${fixed(width * 0.8)}v${fixed(high)}h-${fixed(width * 0.8)}z`,
      ]
    })
    return `<path class="${name}" d="${path.join('')}"/>`
  })
  return svg(shapes)
}

/** Lines as SVG, broken where there is nothing to show; a point alone is a short dash. */
export function lines(layers: readonly Layer[], top: number): string {
  const count = layers[0]?.values.length ?? 1
  const width = WIDTH / count
  const shapes = layers.map(({ name, values }) => {
    let open = false
    const path = values.flatMap((value, n) => {
      if (value === null) {
        open = false
        return []
      }
      const y = fixed(HEIGHT - (value / top) * HEIGHT)
      const step = open
        ? `L${fixed((n + 0.5) * width)} ${y}`
        : `M${fixed((n + 0.2) * width)} ${y}h${fixed(width * 0.3)}`
      open = true
      return [step]
    })
    return `<path class="line ${name}" vector-effect="non-scaling-stroke" d="${path.join('')}"/>`
  })
  return svg(shapes)
}

function svg(shapes: readonly string[]): string {
  const grid = [0, 0.5, 1].map((at) => `M0 ${HEIGHT * at}H${WIDTH}`).join('')
  return `<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true" focusable="false"><path class="grid" vector-effect="non-scaling-stroke" d="${grid}"/>${shapes.join('')}</svg>`
}

function fixed(n: number): string {
  return String(Math.round(n * 100) / 100)
}
