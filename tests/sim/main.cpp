// The one file that brings Boost.Test's main into the simulation.
#define BOOST_TEST_MODULE interlock_sim
#include <boost/test/unit_test.hpp>
