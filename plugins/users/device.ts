import Bowser from 'bowser'

/** `Firefox on Windows`, `Safari on iOS`: what a browser says it is, roughly. */
export function deviceOf(userAgent: string | null): string {
  if (!userAgent) return 'unknown device'
  const { browser, os } = Bowser.parse(userAgent)
  const name = browser.name || userAgent.split(/[\s/]/, 1)[0] || 'unknown browser'
  return os.name ? `${name} on ${os.name}` : name
}
