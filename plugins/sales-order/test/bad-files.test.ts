import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestSite } from '../../../test/site.ts'
import { type ImportResult, importCustomers, importOrders } from '../index.ts'
import { customersCsv, detailsCsv, file, fillShop, openShop, ordersCsv } from './shop.ts'

let site: TestSite
beforeAll(async () => {
  site = await openShop()
  await fillShop(site.djet)
})
afterAll(() => site.close())

async function importFile(
  content: string | Buffer | Readable,
  name = 'customers.csv',
): Promise<ImportResult> {
  return importCustomers(site.djet, { customers: await file(site.djet, name, content), dryRun: true })
}
const refused = (message: string | RegExp) =>
  expect.objectContaining({ code: 'IMPORT_FILE', status: 422, message: expect.stringMatching(message) })

describe('a file that is taken all the same', () => {
  const good = customersCsv(['BERGS,Berglunds snabbköp', 'BLONP,"Blondel, père et fils"'])

  test('has a byte order mark and CRLF line ends', async () => {
    const result = await importFile(`\ufeff${good.replaceAll('\n', '\r\n')}`)
    expect(result).toMatchObject({ created: 2, rejected: 0, notices: [] })
  })

  test.each([
    [';', 'semicolons'],
    ['\t', 'tabs'],
  ])('has %j between its cells, which is said', async (delimiter, name) => {
    const text = customersCsv(['BERGS,Berglunds']).replaceAll(',', delimiter)
    const result = await importFile(text)
    expect(result).toMatchObject({ created: 1, notices: [`customers.csv: cells are separated by ${name}.`] })
  })

  test('has its columns in another order, in capitals, and one more', async () => {
    const lines = good.trim().split('\n')
    const text = lines.map((line, i) => `${i === 0 ? 'Remark' : 'x'},${line}`).join('\n')
    const result = await importFile(text.replace('customer_id,company_name', 'Customer ID,CompanyName'))
    expect(result).toMatchObject({
      created: 2,
      notices: ['customers.csv: these columns are not used: Remark.'],
    })
  })

  test('has empty lines, rows of bare commas and no line end at its end', async () => {
    const result = await importFile(`${good.trim()}\n\n,,,,,,,,,,\n\n`.trimEnd())
    expect(result).toMatchObject({ read: 2, created: 2, rejected: 0 })
  })

  test('has a header and no rows', async () => {
    const result = await importFile(customersCsv([]))
    expect(result).toMatchObject({
      read: 0,
      created: 0,
      message: 'Dry run: nothing would change: the files have no rows.',
    })
  })

  test('has line breaks in a text; lines are counted as an editor counts them', async () => {
    const result = await importFile(customersCsv(['BERGS,"Berg\nlunds"', 'B!,Bad']))
    expect(result.firstRejected).toMatchObject([{ line: 4, key: 'B!' }])
  })
})

describe('a file that is refused', () => {
  test.each<[string, string | Buffer, RegExp]>([
    ['is empty', '', /customers\.csv: the file is empty/],
    ['has nothing but line ends', '\n\n', /the file is empty/],
    ['is a PDF', '%PDF-1.7 stuff', /this is a PDF document, not a CSV file/],
    ['is a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]), /this is a picture/],
    ['is an Excel workbook', Buffer.from('PK\x03\x04stuff'), /a ZIP or Excel \(\.xlsx\) file/],
    ['is UTF-16', Buffer.from('\ufeffcustomer_id', 'utf16le'), /UTF-16.*save it as 'CSV UTF-8'/],
    ['is of bytes', Buffer.from([1, 2, 0, 3]), /bytes that are no text/],
    ['is a web page', '<!DOCTYPE html><html>', /a web page or XML/],
    ['lacks a column', customersCsv([]).replace(',company_name', ''), /the column 'company_name' is missing/],
    [
      'has a column with a slip of the pen',
      customersCsv([]).replace('company_name', 'compny_name'),
      /the column 'company_name' is missing\. It has 'compny_name'\. Did you mean 'company_name'\?/,
    ],
    ['has a column twice', customersCsv([]).replace('fax', 'phone'), /'phone' is there 2 times/],
    [
      'has other columns altogether',
      'a,b\n1,2\n',
      /the first line must name the columns customer_id, .*reads 'a,b'/,
    ],
    [
      'has a quotation mark that is never closed',
      customersCsv(['BERGS,"Berglunds', 'BOLID,Bolido']),
      /a quotation mark opened in line 2 or behind it is never closed/,
    ],
    [
      'has a quotation mark within a text',
      customersCsv(['BERGS,5" pipes']),
      /line 2 has a quotation mark in the middle/,
    ],
  ])('%s', async (_, content, message) => {
    await expect(importFile(content)).rejects.toEqual(refused(message))
  })

  test('has NUL bytes far behind its beginning', async () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => `C${i},Customer`)
    const content = Buffer.concat([Buffer.from(customersCsv(rows)), Buffer.from([0])])
    await expect(importFile(content)).rejects.toEqual(refused(/bytes in it that are no text/))
  })

  test('is large, with a quotation mark that is never closed: it is not read to its end', async () => {
    let sent = 0
    async function* endless() {
      yield Buffer.from(`${customersCsv([])}BERGS,"`)
      for (; sent < 300; sent++) yield Buffer.alloc(100_000, 'x')
    }
    await expect(importFile(Readable.from(endless()))).rejects.toEqual(refused(/never closed/))
  })

  test('leaves nothing of the files that came with it', async () => {
    const { djet } = site
    const orders = await file(djet, 'orders.csv', ordersCsv(['501,ALFKI']))
    const details = await file(djet, 'order_details.csv', `${detailsCsv(['501,1,18.00,1,0'])}501,2,"19.00`)
    await expect(importOrders(djet, { orders, details })).rejects.toEqual(refused(/never closed/))
    expect(await djet.nodes.get('/orders/501')).toBeNull()
  })
})

describe('a file that is not UTF-8', () => {
  test('gives its rows with strange letters back, and imports the others', async () => {
    const text = customersCsv(['BERGS,Berglunds snabbköp', 'BOLID,Bolido'])
    const result = await importFile(Buffer.from(text, 'latin1'))
    expect(result).toMatchObject({ created: 1, rejected: 1 })
    expect(result.firstRejected).toEqual([
      {
        file: 'customers.csv',
        line: 2,
        key: 'BERGS',
        reason: "company_name has letters that are not UTF-8: save the file as 'CSV UTF-8'",
      },
    ])
  })
})
