/** A department of the example company. */
export type Department = {
  name: string;
  orgUnitPath: string;
  costCenter: string;
  /** Its group; the members of nested ones are its own too. */
  group: string;
  head: string;
  titles: string[];
  /** How many of a hundred people work here. */
  share: number;
};

/** The departments. `everyone-eng` nests the two engineering groups; contractors are in no group that grants access. */
export const departments: Department[] = [
  {
    name: 'Platform Engineering',
    orgUnitPath: '/Engineering/Platform',
    costCenter: 'CC-1100',
    group: 'eng-platform',
    head: 'Director of Platform',
    share: 18,
    titles: ['Software Engineer', 'Senior Software Engineer', 'Site Reliability Engineer', 'Staff Engineer'],
  },
  {
    name: 'Product Engineering',
    orgUnitPath: '/Engineering/Product',
    costCenter: 'CC-1200',
    group: 'eng-product',
    head: 'Director of Product Engineering',
    share: 22,
    titles: ['Software Engineer', 'Frontend Engineer', 'Engineering Manager', 'QA Engineer', 'Product Designer'],
  },
  {
    name: 'Sales',
    orgUnitPath: '/Sales',
    costCenter: 'CC-2100',
    group: 'everyone-sales',
    head: 'VP Sales',
    share: 20,
    titles: ['Account Executive', 'Sales Engineer', 'Sales Development Representative', 'Regional Manager'],
  },
  {
    name: 'Customer Support',
    orgUnitPath: '/Support',
    costCenter: 'CC-2300',
    group: 'everyone-support',
    head: 'Head of Support',
    share: 16,
    titles: ['Support Specialist', 'Support Engineer', 'Team Lead Support'],
  },
  {
    name: 'Finance & Legal',
    orgUnitPath: '/Finance',
    costCenter: 'CC-3100',
    group: 'everyone-finance',
    head: 'CFO',
    share: 8,
    titles: ['Accountant', 'Controller', 'Legal Counsel', 'Procurement Specialist'],
  },
  {
    name: 'People',
    orgUnitPath: '/People',
    costCenter: 'CC-3200',
    group: 'everyone-people',
    head: 'Chief People Officer',
    share: 7,
    titles: ['Recruiter', 'HR Business Partner', 'Workplace Coordinator'],
  },
  {
    name: 'Contractors',
    orgUnitPath: '/Contractors',
    costCenter: 'CC-9000',
    group: 'contractors',
    head: 'Contractor Programme Lead',
    share: 9,
    titles: ['Contractor', 'Consultant'],
  },
];
