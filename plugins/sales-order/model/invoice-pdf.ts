import type { Texts } from '../../../core/index.ts'
import type { Customer, Order } from '../basetypes.ts'
import { type OrderLine, percent } from './order-lines.ts'
import { printable } from './printable.ts'

export interface InvoiceContent {
  number: number
  /** Day it is issued, `YYYY-MM-DD`. */
  issued: string
  /** Name of the selling company. */
  seller: string
  order: Order
  customer: Pick<Customer, 'title' | 'data'> | null
  lines: readonly OrderLine[]
  linesTotal: string
  freight: string
  total: string
  /** Words, dates and amounts in the language of the invoice. */
  texts: Texts
}

/** Margin and widths in points; an A4 page is 595 wide and 842 high. */
const MARGIN = 56
const WIDTH = 595 - 2 * MARGIN
const BOTTOM = 842 - MARGIN - 30

interface Column {
  title(texts: Texts): string
  readonly width: number
  readonly align: 'left' | 'right'
  value(line: OrderLine, texts: Texts): string
}

const columns: readonly Column[] = [
  { title: ({ t }) => t('No.'), width: 30, align: 'left', value: (line) => String(line.product) },
  {
    title: ({ t }) => t('Product'),
    width: WIDTH - 30 - 50 - 62 - 54 - 70,
    align: 'left',
    value: productTitle,
  },
  {
    title: ({ t }) => t('Quantity'),
    width: 50,
    align: 'right',
    value: (line, texts) => texts.formatNumber(line.quantity),
  },
  {
    title: ({ t }) => t('Unit price'),
    width: 62,
    align: 'right',
    value: (line, texts) => texts.formatAmount(line.unitPrice),
  },
  { title: ({ t }) => t('Discount'), width: 54, align: 'right', value: discountText },
  {
    title: ({ t }) => t('Amount'),
    width: 70,
    align: 'right',
    value: (line, texts) => texts.formatAmount(line.amount),
  },
]

/** Draws an invoice as PDF, on as many A4 pages as its lines need. */
export async function invoicePdf(content: InvoiceContent): Promise<Buffer> {
  const { number, seller, texts } = content
  // Loaded when there is one to draw: no process or thread needs it to start.
  const { default: PDFDocument } = await import('pdfkit')
  const doc = new PDFDocument({
    size: 'A4',
    margin: MARGIN,
    lang: texts.language,
    displayTitle: true,
    bufferPages: true,
    info: {
      Title: texts.t('Invoice {{number}}', { number }),
      Author: seller,
      Subject: texts.t('Order {{number}}', { number: content.order.data.number }),
    },
  })
  const chunks: Buffer[] = []
  const done = new Promise<Buffer>((resolve, reject) => {
    doc.on('data', (chunk: Buffer) => chunks.push(chunk))
    doc.on('end', () => resolve(Buffer.concat(chunks)))
    doc.on('error', reject)
  })
  drawHead(doc, content)
  drawLines(doc, content)
  drawTotals(doc, content)
  drawPageNumbers(doc, content)
  doc.end()
  return done
}

function drawHead(
  doc: PDFKit.PDFDocument,
  { number, issued, seller, order, customer, texts }: InvoiceContent,
): void {
  doc.font('Helvetica-Bold').fontSize(18).text(printable(seller), MARGIN, MARGIN)
  doc
    .fontSize(22)
    .fillColor('#444')
    .text(printable(texts.t('Invoice {{number}}', { number })), MARGIN, MARGIN, {
      width: WIDTH,
      align: 'right',
    })
  doc.fillColor('#000').fontSize(10).font('Helvetica')
  const top = MARGIN + 60
  const data = customer?.data
  const address = [
    customer?.title ?? order.data.customer,
    data?.contact,
    data?.address,
    [data?.postalCode, data?.city].filter((text) => text).join(' '),
    data?.region,
    data?.country,
  ].filter((text) => text)
  doc.text(printable(address.join('\n')), MARGIN, top, { width: WIDTH / 2, lineGap: 2 })
  const below = doc.y
  const { t, formatDate } = texts
  const facts: [string, string][] = [
    [t('Invoice date'), formatDate(issued)],
    [t('Order'), String(order.data.number)],
    [t('Placed'), formatDate(order.data.placed)],
    [t('Shipped'), formatDate(order.data.shipped) || '–'],
    [t('Customer'), order.data.customer],
  ]
  facts.forEach(([name, value], i) => {
    const y = top + i * 15
    doc.font('Helvetica').text(printable(name), MARGIN + WIDTH / 2 + 40, y, { width: 90, lineBreak: false })
    doc.font('Helvetica-Bold').text(printable(value), MARGIN + WIDTH - 110, y, { width: 110, align: 'right' })
  })
  doc.font('Helvetica')
  doc.y = Math.max(below, top + facts.length * 15) + 30
}

function drawLines(doc: PDFKit.PDFDocument, { lines, texts }: InvoiceContent): void {
  const titles = columns.map(({ title }) => title(texts))
  drawRow(doc, titles, true)
  for (const line of lines) {
    if (doc.y > BOTTOM - 30) {
      doc.addPage()
      drawRow(doc, titles, true)
    }
    drawRow(
      doc,
      columns.map(({ value }) => value(line, texts)),
      false,
    )
  }
}

function drawRow(doc: PDFKit.PDFDocument, cells: readonly string[], bold: boolean): void {
  doc.font(bold ? 'Helvetica-Bold' : 'Helvetica').fontSize(9)
  const texts = cells.map(printable)
  const y = doc.y
  const height = Math.max(
    ...columns.map(({ width }, i) => doc.heightOfString(texts[i] ?? '', { width: width - 6 })),
  )
  let x = MARGIN
  columns.forEach(({ width, align }, i) => {
    doc.text(texts[i] ?? '', x + (align === 'right' ? 6 : 0), y, { width: width - 6, align })
    x += width
  })
  const line = y + height + 4
  doc
    .moveTo(MARGIN, line)
    .lineTo(MARGIN + WIDTH, line)
    .lineWidth(bold ? 1 : 0.3)
    .strokeColor('#888')
    .stroke()
  doc.x = MARGIN
  doc.y = line + 5
}

function drawTotals(doc: PDFKit.PDFDocument, { linesTotal, freight, total, texts }: InvoiceContent): void {
  if (doc.y > BOTTOM - 70) doc.addPage()
  doc.y += 8
  const rows: [string, string, boolean][] = [
    [texts.t('Lines'), linesTotal, false],
    [texts.t('Freight'), freight, false],
    [texts.t('Total'), total, true],
  ]
  for (const [name, amount, bold] of rows) {
    const y = doc.y
    doc.font(bold ? 'Helvetica-Bold' : 'Helvetica').fontSize(bold ? 12 : 10)
    doc.text(printable(name), MARGIN + WIDTH - 220, y, { width: 100 })
    doc.text(printable(texts.formatAmount(amount)), MARGIN + WIDTH - 120, y, { width: 120, align: 'right' })
    doc.y = y + (bold ? 20 : 16)
  }
}

function drawPageNumbers(doc: PDFKit.PDFDocument, { number, texts }: InvoiceContent): void {
  const { start, count: pages } = doc.bufferedPageRange()
  for (let page = start; page < start + pages; page++) {
    doc.switchToPage(page)
    // Below the margin text would begin a new page.
    doc.page.margins.bottom = 0
    const text = texts.t('Invoice {{number}}, page {{page}} of {{pages}}', {
      number,
      page: page + 1,
      pages,
    })
    doc.font('Helvetica').fontSize(8).fillColor('#666')
    doc.text(printable(text), MARGIN, 842 - MARGIN + 10, { width: WIDTH, align: 'center', lineBreak: false })
  }
}

function productTitle(line: OrderLine, { t }: Texts): string {
  return line.title === null
    ? t('Product {{number}}', { number: line.product })
    : [line.title, line.unit].filter((text) => text).join(', ')
}

function discountText(line: OrderLine, { formatNumber }: Texts): string {
  const rate = percent(line.discount)
  return rate === '0' ? '' : `${formatNumber(Number(rate))} %`
}
