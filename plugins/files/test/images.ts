import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'

/** Left half red, right half blue, 1200 × 600 as it is seen; stored on its side, with a place in its metadata. */
export function photo(): Promise<Buffer> {
  const half = { width: 600, height: 600, channels: 3 as const }
  return sharp({ create: { width: 1200, height: 600, channels: 3, background: '#00f' } })
    .composite([{ input: { create: { ...half, background: '#f00' } }, left: 0, top: 0 }])
    .png()
    .toBuffer()
    .then((bytes) =>
      sharp(bytes)
        .rotate(-90)
        .withExif({ IFD0: { Artist: 'Maria' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '55/1 40/1 0/1' } })
        .withMetadata({ orientation: 6 })
        .jpeg()
        .toBuffer(),
    )
}

/** A PNG of a few bytes that says it is very large. */
export function bomb(width = 30_000, height = 30_000): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 0, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.alloc(1000))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

export const SVG = `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10" onload="alert(1)">
<script>alert(1)</script><style>.a { fill: red }</style><a href="javascript:alert(1)"><rect class="a" width="20" height="10"/></a></svg>`
