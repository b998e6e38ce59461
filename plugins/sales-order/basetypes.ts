import { type Acl, defineBasetype, field, type NodeOf } from '../../core/index.ts'

/** What only staff may see: customers, orders and all below them. */
const staffOnly: Acl = { everyone: [], staff: ['view', 'edit'] }

/** The product catalogue, `/products`. */
export const catalogue = defineBasetype({
  name: 'catalogue',
  title: 'Catalogue',
  children: ['category'],
  max: 1,
  fixed: true,
  template: 'catalogue.eta',
  acl: { staff: ['view', 'edit'] },
  fields: { intro: field.text({ title: 'Introduction', searchable: true }) },
})

/** A group of products, `/products/beverages`. */
export const category = defineBasetype({
  name: 'category',
  title: 'Category',
  parents: ['catalogue'],
  children: ['product'],
  template: 'category.eta',
  fields: {
    number: field.int({ title: 'Number', min: 1, updatable: false }),
    description: field.text({ title: 'Description', searchable: true }),
  },
})
export type Category = NodeOf<typeof category>

/** Something that is sold, `/products/beverages/chai`. */
export const product = defineBasetype({
  name: 'product',
  title: 'Product',
  parents: ['category'],
  children: [],
  template: 'product.eta',
  menu: false,
  copies: false,
  fields: {
    number: field.int({ title: 'Number', required: true, min: 1, updatable: false }),
    unit: field.str({ title: 'Sold as', maxLength: 100, searchable: true, help: 'e.g. 10 boxes x 20 bags' }),
    price: field.price({ title: 'Price', required: true }),
    supplier: field.int({ title: 'Supplier', min: 1 }),
    stock: field.int({ title: 'In stock', min: 0 }),
    onOrder: field.int({ title: 'On order from the supplier', min: 0 }),
    reorderLevel: field.int({ title: 'Order again at', min: 0 }),
    discontinued: field.boolean({ title: 'No longer sold' }),
  },
})
export type Product = NodeOf<typeof product>

/** All customers, `/customers`. */
export const customers = defineBasetype({
  name: 'customers',
  title: 'Customers',
  children: ['customer'],
  max: 1,
  fixed: true,
  engine: 'sales-order.customers',
  template: 'customers.eta',
  acl: staffOnly,
})

/** Someone who buys, `/customers/ALFKI`; its part is its number. */
export const customer = defineBasetype({
  name: 'customer',
  title: 'Customer',
  parents: ['customers'],
  children: [],
  engine: 'sales-order.customer',
  template: 'customer.eta',
  acl: staffOnly,
  menu: false,
  copies: false,
  fields: {
    number: field.str({
      title: 'Number',
      required: true,
      maxLength: 10,
      pattern: /^[A-Z0-9][A-Z0-9_-]*$/,
      patternMessage: 'must be of capital letters and digits',
      updatable: false,
    }),
    contact: field.str({ title: 'Contact', maxLength: 100 }),
    contactTitle: field.str({ title: 'Position', maxLength: 100 }),
    address: field.str({ title: 'Address', maxLength: 200 }),
    city: field.str({ title: 'City', maxLength: 100 }),
    region: field.str({ title: 'Region', maxLength: 100 }),
    postalCode: field.str({ title: 'Postal code', maxLength: 20 }),
    country: field.str({ title: 'Country', maxLength: 100 }),
    phone: field.str({ title: 'Phone', maxLength: 50 }),
    fax: field.str({ title: 'Fax', maxLength: 50 }),
  },
})
export type Customer = NodeOf<typeof customer>

/** All orders, `/orders`. */
export const orders = defineBasetype({
  name: 'orders',
  title: 'Orders',
  children: ['order', 'order-import'],
  max: 1,
  fixed: true,
  engine: 'sales-order.orders',
  template: 'orders.eta',
  acl: staffOnly,
  childOrder: 'newest',
})

/** What an order has come to. `open` orders may still be confirmed, shipped or cancelled. */
export const orderStates = {
  open: 'Open',
  confirmed: 'Confirmed',
  shipped: 'Shipped',
  cancelled: 'Cancelled',
} as const
export type OrderState = keyof typeof orderStates

/**
 * An order, `/orders/10248`; its part is its number. Its lines are in the table `sales_order.line`. Amounts and
 * state are changed by model functions only, never by the edit form.
 */
export const order = defineBasetype({
  name: 'order',
  title: 'Order',
  parents: ['orders'],
  children: [],
  engine: 'sales-order.order',
  template: 'order.eta',
  acl: staffOnly,
  menu: false,
  newForm: false,
  copies: false,
  // What becomes of an order is told by its state and the audit; imports change orders by the hundred thousand.
  versions: false,
  fields: {
    number: field.int({ title: 'Number', required: true, min: 1, updatable: false }),
    customer: field.str({ title: 'Customer', required: true, maxLength: 10, updatable: false }),
    state: field.enum(orderStates, { title: 'State', required: true, default: 'open', updatable: false }),
    employee: field.int({ title: 'Taken by', updatable: false }),
    placed: field.date({ title: 'Placed', required: true, updatable: false }),
    required: field.date({ title: 'Wanted by' }),
    shipped: field.date({ title: 'Shipped', updatable: false }),
    shipVia: field.int({ title: 'Shipper', min: 1 }),
    freight: field.price({ title: 'Freight', required: true, default: '0.00', updatable: false }),
    linesTotal: field.price({ title: 'Lines', required: true, default: '0.00', updatable: false }),
    total: field.price({ title: 'Total', required: true, default: '0.00', updatable: false }),
    shipName: field.str({ title: 'Ship to', maxLength: 100 }),
    shipAddress: field.str({ title: 'Address', maxLength: 200 }),
    shipCity: field.str({ title: 'City', maxLength: 100 }),
    shipRegion: field.str({ title: 'Region', maxLength: 100 }),
    shipPostalCode: field.str({ title: 'Postal code', maxLength: 20 }),
    shipCountry: field.str({ title: 'Country', maxLength: 100 }),
  },
})
export type Order = NodeOf<typeof order>

/** The page where files of orders, customers and products are imported, `/orders/import`. */
export const orderImport = defineBasetype({
  name: 'order-import',
  title: 'Import',
  parents: ['orders'],
  children: ['upload'],
  max: 1,
  fixed: true,
  engine: 'sales-order.import',
  template: 'import.eta',
  acl: staffOnly,
  childOrder: 'newest',
})

/** One uploaded file, kept below the page it was uploaded at. */
export const upload = defineBasetype({
  name: 'upload',
  title: 'Uploaded file',
  parents: ['order-import'],
  children: [],
  acl: staffOnly,
  menu: false,
  newForm: false,
  fields: {
    file: field.file({ title: 'File', required: true, maxSize: 1_000_000_000, updatable: false }),
    type: field.str({ title: 'Type', updatable: false }),
    size: field.int({ title: 'Bytes', updatable: false }),
  },
})
