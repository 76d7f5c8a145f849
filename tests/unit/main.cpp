// The one file that brings Boost.Test's main into the unit tests.
#define BOOST_TEST_MODULE interlock_unit
#include <boost/test/unit_test.hpp>
