import pg from 'pg'

type Parse = (text: string) => unknown

/** What a pool or client takes as `types`: one parser per PostgreSQL type. */
export interface TypeParsers {
  getTypeParser(oid: number, format?: 'text' | 'binary'): Parse
}

const int8 = 20
const int8Array = 1016
const date = 1082
const dateArray = 1182
const numericArray = 1231
const textArray: number = 1009

/**
 * How Djet reads PostgreSQL's values: int8 as number, numeric as string (money is never a float), date as
 * 'YYYY-MM-DD' (a day has no time zone), the rest as pg does. They belong to a connection, not to the process:
 * another library that uses pg keeps its own.
 */
export function typeParsers(): TypeParsers {
  const texts = pg.types.getTypeParser(textArray, 'text') as (text: string) => (string | null)[]
  const parsers = new Map<number, Parse>([
    [int8, Number],
    [int8Array, (text) => texts(text).map((each) => (each === null ? null : Number(each)))],
    [date, (text) => text],
    [dateArray, texts],
    [numericArray, texts],
  ])
  return {
    getTypeParser: (oid, format = 'text') =>
      (format === 'text' ? parsers.get(oid) : undefined) ?? (pg.types.getTypeParser(oid, format) as Parse),
  }
}
