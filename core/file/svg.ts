import sanitizeHtml from 'sanitize-html'
import { DjetError } from '../error.ts'

/** Bytes of an SVG image at most: it is read whole. */
export const MOST_SVG = 2 * 1024 * 1024

/** Under this name `<style>` goes through the sanitiser, which leaves the content of the real one as it is. */
const STYLE = 'djet-style'

const tags = [
  ...['svg', 'g', 'defs', 'symbol', 'use', 'title', 'desc', 'path', 'rect', 'circle', 'ellipse', 'line'],
  ...['polyline', 'polygon', 'text', 'tspan', 'textPath', 'image', 'switch', 'marker', 'pattern', 'mask'],
  ...[
    'clipPath',
    'linearGradient',
    'radialGradient',
    'stop',
    'filter',
    'feBlend',
    'feColorMatrix',
    'feFlood',
  ],
  ...['feComponentTransfer', 'feComposite', 'feConvolveMatrix', 'feDiffuseLighting', 'feDisplacementMap'],
  ...[
    'feDistantLight',
    'feDropShadow',
    'feFuncA',
    'feFuncB',
    'feFuncG',
    'feFuncR',
    'feGaussianBlur',
    'feMerge',
  ],
  ...[
    'feMergeNode',
    'feMorphology',
    'feOffset',
    'fePointLight',
    'feSpecularLighting',
    'feSpotLight',
    'feTile',
  ],
  ...['feTurbulence', STYLE],
]

/** What no attribute is called that could do something: events (`on…`), and names of other languages. */
const HARMLESS_NAME = /^(?!on)(xmlns|xmlns:xlink|xml:space|xml:lang|xlink:href|[a-z][a-z0-9-]*)$/i
const NAMESPACES: Readonly<Record<string, string>> = {
  xmlns: 'http://www.w3.org/2000/svg',
  'xmlns:xlink': 'http://www.w3.org/1999/xlink',
}
/** Images inside an image: none that has code of its own. */
const INNER_IMAGE = /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*$/

const options: sanitizeHtml.IOptions = {
  allowedTags: tags,
  allowedAttributes: false,
  allowedSchemes: ['data'],
  nonTextTags: ['script', 'foreignObject', 'iframe', 'object', 'embed', 'handler', 'listener', 'textarea'],
  parser: { xmlMode: true, lowerCaseTags: false, lowerCaseAttributeNames: false },
  parseStyleAttributes: false,
  transformTags: {
    '*': (tagName, attributes) => ({
      tagName,
      attribs: Object.fromEntries(
        Object.entries(attributes).filter(([name, value]) => isHarmless(tagName, name, value)),
      ),
    }),
  },
  textFilter: (text, tag) => (tag === STYLE && !isHarmlessCss(text) ? '' : text),
}

function isHarmless(tag: string, name: string, value: string): boolean {
  if (!HARMLESS_NAME.test(name)) return false
  if (name in NAMESPACES) return NAMESPACES[name] === value
  if (/^(xlink:)?href$/i.test(name))
    return value.startsWith('#') || (tag === 'image' && INNER_IMAGE.test(value))
  if (name.toLowerCase() === 'src') return false
  return isHarmlessCss(value)
}

/** Whether a style, or an attribute that may be one, refers to nothing outside and runs nothing. */
function isHarmlessCss(css: string): boolean {
  if (/@import|expression\s*\(|javascript:|-moz-binding|image-set\s*\(|\\/i.test(css)) return false
  return [...css.matchAll(/url\s*\(\s*["']?\s*(.?)/gi)].every(([, first]) => first === '#')
}

/**
 * Takes out of an SVG image what runs code or loads something from elsewhere: scripts, events, links, foreign
 * elements, entities, styles with addresses. What draws stays.
 *
 * @param name for messages
 * @throws {DjetError} SVG_INVALID, 422
 */
export function safeSvg(name: string, svg: Buffer): Buffer {
  const invalid = (why: string) => new DjetError('SVG_INVALID', `${name} ${why}`, { status: 422 })
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(svg)
  } catch {
    throw invalid('is not in UTF-8, as SVG images are here. Save it anew in UTF-8.')
  }
  const safe = sanitizeHtml(text.replace(/<(\/?)style(?=[\s/>])/gi, `<$1${STYLE}`), options)
    .replaceAll(`<${STYLE}`, '<style')
    .replaceAll(`</${STYLE}`, '</style')
  const image = /<svg[\s>][\s\S]*<\/svg>/.exec(safe)?.[0]
  if (image === undefined) throw invalid('says by its name that it is SVG, but no SVG image is in it.')
  return Buffer.from(withNamespaces(image))
}

/** Without its name space no browser shows it; drawing programs write that as an entity, which is gone. */
function withNamespaces(image: string): string {
  const end = image.indexOf('>')
  const root = image.slice(0, end)
  const needed = Object.entries(NAMESPACES).filter(
    ([name]) => !root.includes(` ${name}=`) && (name === 'xmlns' || image.includes('xlink:')),
  )
  return `<svg${needed.map(([name, value]) => ` ${name}="${value}"`).join('')}${image.slice(4)}`
}
