import { type Logger, pino } from 'pino'

/** A log that keeps its messages for the test to look at. */
export function keptLog(): { log: Logger; messages: string[] } {
  const messages: string[] = []
  const stream = { write: (line: string) => void messages.push((JSON.parse(line) as { msg: string }).msg) }
  return { log: pino({ level: 'debug' }, stream), messages }
}
