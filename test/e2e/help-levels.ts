/**
 * What the walkthrough lists as `help` of each level: every command must be there, in this order, with this short text. The
 * sentence before the list is not the same on all levels of the page, and a level may know more.
 */
import { listsInOrder } from "./match.ts";

export const topHelp = listsInOrder(`
This is crm shell, a Pacemaker command line interface.
Available commands:
cib              manage shadow CIBs
resource         resources management
configure        CRM cluster configuration
node             nodes management
options          user preferences
history          CRM cluster history
site             Geo-cluster support
ra               resource agents information center
status           show cluster status
help,?           show help (help topics for list of topics)
end,cd,up        go back one level
quit,bye,exit    exit the program
`);

/** The page shows the last three lines of the other levels without their aliases; both forms agree with it. */
const ENDING = `
help{any}           show help (help topics for list of topics)
end{any}              go back one level
quit{any}             exit the program
`;

export const resourceHelp = listsInOrder(`
Available commands:
status           show status of resources
start            start a resource
stop             stop a resource
restart          restart a resource
promote          promote a master-slave resource
demote           demote a master-slave resource
manage           put a resource into managed mode
unmanage         put a resource into unmanaged mode
migrate          migrate a resource to another node
unmigrate        unmigrate a resource to another node
param            manage a parameter of a resource
secret           manage sensitive parameters
meta             manage a meta attribute
utilization      manage a utilization attribute
failcount        manage failcounts
cleanup          cleanup resource status
refresh          refresh CIB from the LRM status
reprobe          probe for resources not started by the CRM
trace            start RA tracing
untrace          stop RA tracing
${ENDING}`);

export const configureHelp = listsInOrder(`
Available commands:
node             define a cluster node
primitive        define a resource
monitor          add monitor operation to a primitive
group            define a group
clone            define a clone
ms               define a master-slave resource
rsc_template     define a resource template
location         a location preference
colocation       colocate resources
order            order resources
rsc_ticket       resources ticket dependency
property         set a cluster property
rsc_defaults     set resource defaults
fencing_topology node fencing order
role             define role access rights
user             define user access rights
op_defaults      set resource operations defaults
schema           set or display current CIB RNG schema
show             display CIB objects
edit             edit CIB objects
filter           filter CIB objects
delete           delete CIB objects
default-timeouts     set timeouts for operations to minimums from the meta-data
rename           rename a CIB object
modgroup         modify group
refresh          refresh from CIB
erase            erase the CIB
ptest            show cluster actions if changes were committed
rsctest          test resources as currently configured
cib              CIB shadow management
cibstatus        CIB status management and editing
template         edit and import a configuration from a template
commit           commit the changes to the CIB
verify           verify the CIB with crm_verify
upgrade          upgrade the CIB to version 1.0
save             save the CIB to a file
load             import the CIB from a file
graph            generate a directed graph
xml              raw xml
${ENDING}`);

export const nodeHelp = listsInOrder(`
Available commands:
status           show nodes status as XML
show             show node
standby          put node into standby
online           set node online
maintenance      put node into maintenance mode
ready            put node into ready mode
fence            fence node
clearstate       Clear node state
delete           delete node
attribute        manage attributes
utilization      manage utilization attributes
status-attr      manage status attributes
${ENDING}`);

export const raHelp = listsInOrder(`
Available commands:
classes          list classes and providers
list             list RA for a class (and provider)
meta             show meta data for a RA
providers        show providers for a RA and a class
${ENDING}`);
