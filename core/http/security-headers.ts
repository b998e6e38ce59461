import { ServerResponse } from 'node:http'
import helmet from 'helmet'
import type { Middleware } from 'koa'

/**
 * What no page of Djet uses of a browser, and no script or frame that slips into one may. Only names that browsers know:
 * of others they complain.
 */
const UNUSED = [
  ...['accelerometer', 'camera', 'display-capture', 'geolocation', 'gyroscope', 'hid', 'idle-detection'],
  ...[
    'local-fonts',
    'magnetometer',
    'microphone',
    'midi',
    'payment',
    'publickey-credentials-get',
    'screen-wake-lock',
  ],
  ...['serial', 'usb', 'xr-spatial-tracking'],
]

const PERMISSIONS = UNUSED.map((name) => `${name}=()`).join(', ')

/** What helmet sets, asked once instead of at every request: none of it depends on the request. */
export function headersOf(secure: boolean): Record<string, string> {
  const headers: Record<string, string> = { 'Permissions-Policy': PERMISSIONS }
  const response = Object.create(ServerResponse.prototype, {
    setHeader: { value: (name: string, value: string) => (headers[name] = value) },
    removeHeader: { value: () => {} },
  })
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'self'"],
        ...(secure ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: secure,
    // What only browsers of the past knew.
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  })({} as never, response as never, () => {})
  return headers
}

/** Security headers on every answer: a Content-Security-Policy without inline scripts, nosniff, what of a browser is not used, and their kin. */
export function securityHeaders(): Middleware {
  const plain = Object.entries(headersOf(false))
  const secure = Object.entries(headersOf(true))
  return (ctx, next) => {
    for (const [name, value] of ctx.secure ? secure : plain) ctx.res.setHeader(name, value)
    return next()
  }
}
