export { customerEngine, customersEngine } from './customers.ts'
export { importEngine } from './import.ts'
export { orderEngine } from './order.ts'
export { ordersEngine } from './orders.ts'
