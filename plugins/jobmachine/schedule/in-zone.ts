import { Zone } from '../../../core/index.ts'

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** What the clocks of a zone show at a time: `Sun 2026-03-29 03:00:00 +02:00`. */
export function inZone(time: Date, zone: string): string {
  const offset = new Zone(zone).offset(time.getTime())
  const there = new Date(time.getTime() + offset)
  const [day, hour = ''] = there.toISOString().split('T')
  const ahead = new Date(Math.abs(offset)).toISOString().slice(11, 16)
  return `${DAYS[there.getUTCDay()]} ${day} ${hour.slice(0, 8)} ${offset < 0 ? '-' : '+'}${ahead}`
}
