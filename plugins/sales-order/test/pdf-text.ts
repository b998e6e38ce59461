import { inflateSync } from 'node:zlib'

/** The texts of a PDF in the order they are drawn, one a line; those of the standard fonts, which are Latin 1. */
export function pdfText(pdf: Buffer): string {
  const streams = pdf.toString('latin1').matchAll(/stream\n([\s\S]*?)\nendstream/g)
  const drawn = [...streams].map(([, bytes]) => inflateSync(Buffer.from(bytes!, 'latin1')).toString('latin1'))
  return drawn
    .flatMap((page) => [...page.matchAll(/\[([^\]]*)\] TJ/g)].map(([, parts]) => textOf(parts!)))
    .join('\n')
}

/** `<48656c> 20 <6c6f>` -> `Hello`. */
function textOf(parts: string): string {
  const hex = [...parts.matchAll(/<([0-9a-f]*)>/g)].map(([, digits]) => digits).join('')
  return Buffer.from(hex, 'hex').toString('latin1')
}
