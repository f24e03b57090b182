// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

@Suite struct MachineLimitTests {
    @Test("the tightest limit of the machine binds, and is named") func tightestLimit() {
        var reading = MachineReading()
        reading.descriptorLimit = 64
        reading.descriptorsInUse = 10
        reading.pidLimit = 32_768
        reading.threadsOfSystem = 100
        #expect(reading.limits(hasThreadPerClient: true).first?.clients == 44)
        #expect(reading.freeDescriptors(beside: 44) == 2)
        #expect(reading.limits(hasThreadPerClient: true).first?.name == "descriptors (RLIMIT_NOFILE 64)")
        reading.descriptorLimit = nil
        #expect(reading.limits(hasThreadPerClient: false).isEmpty)
        #expect(reading.limits(hasThreadPerClient: true).first?.clients == 32_768 - 100 - MachineReading.spareThreads)
    }

    @Test("a machine with the means for 1 client serves 1, without the usual reserve") func oneClient() {
        var reading = MachineReading()
        reading.descriptorLimit = 13
        reading.descriptorsInUse = 6
        #expect(reading.limits(hasThreadPerClient: false, descriptors: 6).first?.clients == 1)
        #expect(reading.limits(hasThreadPerClient: false, descriptors: 7).first?.clients == 0)
        reading.descriptorLimit = nil
        reading.userThreadLimit = 5
        reading.threadsOfUser = 3
        #expect(reading.limits(hasThreadPerClient: true).first?.clients == 1)
        reading.threadsOfUser = 4
        #expect(reading.limits(hasThreadPerClient: true).first?.clients == 0)
    }

    @Test("the limit on mappings binds only where a stack takes mappings") func mappings() {
        var reading = MachineReading()
        reading.mappingLimit = 65_530
        reading.mappingsInUse = 18
        #expect(reading.limits(hasThreadPerClient: true).first?.clients == 32_500)
        reading.mappingsPerStack = 0
        #expect(reading.limits(hasThreadPerClient: true).isEmpty)
    }
}
