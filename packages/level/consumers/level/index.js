export { VarveLevel as Level } from '../../dist/index.js'
